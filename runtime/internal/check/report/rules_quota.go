package report

// quotaRules are about calls that could be fewer.
var quotaRules = []Rule{
	{"call-in-loop", Warning, "A call in a loop that could be one call before or after it: a list that is read again, records that are read or written one by one.", "for _, row in ipairs(csv.read(\"accounts.csv\")) do\n  planhat.company.update(planhat.extid(row.id), { phase = row.phase })\nend", "local rows = {}\nfor _, row in ipairs(csv.read(\"accounts.csv\")) do\n  rows[#rows + 1] = { externalId = row.id, phase = row.phase }\nend\nprint(planhat.company.bulk_upsert(rows))"},
	{"needless-sleep", Warning, "A pause between calls: phscript keeps within the quota itself.", "for company in planhat.company.each() do\n  if company.phase == \"Lost\" then planhat.company.delete(company._id) end\n  time.sleep(0.3)\nend", "while #planhat.task.get_list{ limit = 1 } == 0 do time.sleep(30) end"},
	{"paging", Error, "A loop that reads page after page, and gets the same page again, leaves one out or never ends.", "local offset = 0\nrepeat\n  local page = planhat.company.get_list{ limit = 100, offset = offset }\n  for _, company in ipairs(page) do print(company.name) end\nuntil #page == 0", "for company in planhat.company.each() do print(company.name) end"},
}
