planhat.task.create{
  mainType = "todo", action = "Send the report", companyId = "extid-company-1",
}
