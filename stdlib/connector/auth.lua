--- How connectors authenticate with a system, beside a token from an environment variable: `local auth = require "connector.auth"`.
local auth = {}

local oauth2 = require "oauth2"

-- Returns an address. A path is one at the system's.
local function address(conn, text)
  text = conn:fill(text)
  return text:sub(1, 1) == "/" and conn:base() .. text or text
end

--- Authenticates with OAuth 2.0, with credentials from environment variables. With `refresh_token`, the app was
--- authorized by a person; with `authorize_url`, a person authorizes it in a browser when it is first used; with `key_variable`, a private key
--- signs for it; otherwise, the app authenticates as itself.
---@param options { token_url: string, client_id: string?, client_secret: string?, refresh_token: string?, authorize_url: string?, key_variable: string?, subject: string?, audience: string?, scopes: table?, secret_in: string?, params: table?, redirect: string?, again: string? } `token_url` and `authorize_url`: an address, or a path at the system's; `client_id`, `client_secret`, `refresh_token` and `key_variable`: the names of variables, of which a key in JSON form needs no `client_id`; `redirect`: where the browser returns to, if the system wants to know that in advance, but at a free port with the setting `base`; `again`: what to know when the authorization has ended; the others as in `oauth2`.
---@param credential function? Reads the variables if the script is not allowed to.
---@return function
function auth.oauth2(options, credential)
  return function(conn)
    local given, missing = { scopes = options.scopes, token_url = address(conn, options.token_url) }, {}
    for _, name in ipairs{ "client_id", "client_secret", "refresh_token", "key_variable" } do
      local variable = options[name]
      local by_oauth2 = name == "key_variable" and not credential -- which reads it itself
      if variable and not by_oauth2 then
        given[name] = (credential or env.get)(variable)
        if not given[name] then missing[#missing + 1] = variable end
      end
    end
    if #missing > 0 then return nil, ("%s for OAuth"):format(table.concat(missing, ", ")) end
    if options.key_variable then
      return { bearer = oauth2.jwt{
        token_url = given.token_url, scopes = given.scopes, issuer = given.client_id, subject = conn:fill(options.subject or ""),
        audience = options.audience and conn:fill(options.audience),
        key = credential and given.key_variable or nil, key_variable = not credential and options.key_variable or nil,
      } }
    end
    given.secret_in = options.secret_in
    if options.authorize_url then
      given.authorize_url, given.params, given.again = address(conn, options.authorize_url), {}, options.again
      given.redirect = options.redirect
      if options.redirect and conn.settings.base then given.redirect = options.redirect:gsub(":%d+", "") end
      for name, value in pairs(options.params or {}) do
        local text = conn:fill(value)
        if text ~= "" then given.params[name] = text end
      end
      return { bearer = oauth2.authorize(given) }
    end
    if not options.refresh_token then
      given.params = options.params
      return { bearer = oauth2.client_credentials(given) }
    end
    given.again = ("authorize the app of %s again, and set %s to the new refresh token%s"):format(conn.title, options.refresh_token, options.again and ". " .. options.again or "")
    return { bearer = oauth2.refresh(given) }
  end
end

--- Tries several ways to authenticate and uses the first whose variables are set.
---@param ... function What `connector.bearer` and `oauth2` return.
---@return function
function auth.either(...)
  local ways = { ... }
  return function(conn)
    local missing = {}
    for _, way in ipairs(ways) do
      local options, why = way(conn)
      if options then return options end
      missing[#missing + 1] = why
    end
    return nil, table.concat(missing, "; or ")
  end
end

return auth
