# frozen_string_literal: true

# Sends one message: ruby send.rb lenea@contoso.com "disk full on db7".
#
# Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
# (on Windows %APPDATA%\send-im\config.toml).

require "send_im"

unless ARGV.size == 2
  warn "usage: ruby send.rb RECIPIENT TEXT"
  exit 2
end

begin
  receipt = SendIm.send_im(*ARGV)
  puts "#{receipt.accepted_by || receipt.to} accepted the message (#{receipt.evidence})."
rescue SendIm::Error => e
  warn e.message
  exit e.exit_code
end
