for license in planhat.license.each{ limit = 10 } do
  print(license.companyName, license.value)
end
