-- New records of a model that is a part of another one are in its lists.
local user = planhat.enduser.get_list{ limit = 1 }[1]
local before = #planhat.ticket.get_list()
planhat.ticket.bulk_upsert{ { sourceId = "t-1", email = user.email, domains = { user.email:match("@(.*)") }, title = "Help me" } }
print(#planhat.ticket.get_list() - before)
