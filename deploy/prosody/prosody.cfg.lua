-- ENV_DOMAIN is the variable DOMAIN of the environment.
pidfile = "/run/prosody/prosody.pid"
data_path = "/var/lib/prosody"
log = { info = "*console" }

modules_enabled = { "roster", "saslauth", "disco", "ping", "presence", "message", "iq", "offline" }
modules_disabled = { "s2s", "tls" }
limits = {}

authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true

component_ports = { 5347 }
component_interfaces = { "*" }

VirtualHost(ENV_DOMAIN)

Component("proxy." .. ENV_DOMAIN)
  component_secret = ENV_COMPONENT_SECRET

Component("courier." .. ENV_DOMAIN)
  component_secret = ENV_COMPONENT_SECRET
