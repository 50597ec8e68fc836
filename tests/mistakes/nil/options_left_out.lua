local function report(options)
  local list = planhat.company.get_list{ limit = options.limit }
  print(#list)
end
report()
