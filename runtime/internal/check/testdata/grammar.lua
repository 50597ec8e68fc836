-- Articles and numbers in messages.
planhat.enduser.update("extid-a", { lastActive = "2026-01-01" }) --> read-only-property: 'lastActive' of an enduser
local enduser = planhat.enduser.get_by_id("extid-a")
planhat.enduser.delete(enduser)        --> wrong-arguments: not an Enduser record
print(time.now(1))                     --> wrong-arguments: takes no arguments, not 1
