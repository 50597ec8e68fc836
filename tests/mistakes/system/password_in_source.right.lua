-- @allow net=smtp.example.com
local notify = require "notify"
notify.email{
  host = "smtp.example.com", user = "reports@example.com",
  password = env.require("SMTP_PASSWORD"),
  from = "reports@example.com", to = { "kim@example.com" }, subject = "Renewals", text = "none",
}
