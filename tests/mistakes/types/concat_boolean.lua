local done = #planhat.task.get_list{ limit = 5 } > 0
log.info("tasks read: " .. done)
