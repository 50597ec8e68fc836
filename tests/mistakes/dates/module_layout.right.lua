local layouts = require "layouts"
print(time.format(time.now(), layouts.day))
