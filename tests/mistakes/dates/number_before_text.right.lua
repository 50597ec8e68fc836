local now = os.time()
for task in planhat.task.each{ limit = 20 } do
  if task.startTime and task.startTime < time.iso(now) then print("overdue: " .. (task.action or "a task")) end
end
