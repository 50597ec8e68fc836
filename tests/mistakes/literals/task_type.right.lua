planhat.task.create{
  mainType = "task", action = "Send the report", companyId = "extid-company-1",
}
