local open, closed = {}, {}
for ticket in planhat.ticket.each{} do
  local list = ticket.status == "open" and open or closed
  list[#list + 1] = ticket
  local id = ticket._id
end
print(#open)
local function age(ticket, now) return time.diff(now, ticket.createDate, "days") end
for _, ticket in ipairs(open) do print(age(ticket)) end
