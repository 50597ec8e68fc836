local state, steps = "start", 0
local transitions = {
  start = function() return "middle" end,
  middle = function(n) if n > 3 then return "done" end return "middle" end,
}
while state ~= "done" do
  local next_state = transitions[state](steps)
  steps = steps + 1
  state = next_state
  local previous = state
end
