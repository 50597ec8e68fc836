local since = time.iso(time.add(time.now(), "-30d"))
local created = 0
for company in planhat.company.each{} do
  if (company.lastTouch or "") < since then
    local ok, err = pcall(planhat.task.create, { mainType = "task", companyId = company._id, action = "Call" })
    if not ok then log.warn(tostring(err)) end
    creatd = created + 1
  end
end
