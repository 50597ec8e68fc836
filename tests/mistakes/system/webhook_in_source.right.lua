-- @allow net=hooks.slack.com
local notify = require "notify"
notify.slack(env.require("SLACK_WEBHOOK"), "renewals are due")
