local function report(options)
  local list = planhat.company.get_list{ limit = options and options.limit or 10 }
  print(#list)
end
report()
