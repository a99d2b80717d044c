# frozen_string_literal: true

# What a call costs from Ruby: border.rb REFUSED SENT. Prints one line of JSON, times in milliseconds.

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
end

BEGAN = now
require "send_im"
LOADED = now - BEGAN

require "json"

# Sends that are refused without a request: the recipient is no address.
def refused(client, calls)
  Array.new(calls) do
    started = now
    begin
      client.send_im("nobody", "disk full")
      raise "the send to nobody was not refused"
    rescue SendIm::InvalidInput
      now - started
    end
  end
end

# The same from eight threads at once.
def together(client, calls)
  Array.new(8) { Thread.new { refused(client, calls / 8) } }.flat_map(&:value)
end

def sent(client, calls)
  Array.new(calls) do
    started = now
    client.send_im("kept@contoso.com", "disk full")
    now - started
  end
end

def summary(times)
  times.sort!
  { p50: 50, p99: 99 }.transform_values { |percent| times[times.size * percent / 100] / 1e6 }
end

calls, sends = ARGV.map(&:to_i)
SendIm::Client.open do |client|
  refused(client, calls / 10)
  told = { load_ms: LOADED / 1e6, refused_1: summary(refused(client, calls)) }
  told[:refused_8] = summary(together(client, calls))
  told[:sent] = summary(sent(client, sends))
  puts JSON.generate(told)
end
