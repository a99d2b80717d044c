# frozen_string_literal: true

# The traffic of the soak, from Ruby: soak.rb HTTP HTTPS CA_FILE SECONDS SEED. The README beside this tells what it
# prints.

require "json"
require "send_im"
require "timeout"
require "zlib"

HTTP, HTTPS, CA_FILE, SECONDS, SEED = ARGV
SENDER = { address: "ruby@contoso.com", password: "any" }.freeze
ACCOUNTS = [{ server: HTTP }, { server: HTTPS, ca_file: CA_FILE }].map { |more| SendIm::Account.new(**SENDER, **more) }
WORKERS = 8
# What fails so often in a row does not fail because of a fault.
ATTEMPTS = 20
# Seconds between two attempts, times the number of the attempt. A name that was refused three times rests for a minute; all
# attempts together take longer.
PAUSE = 0.5
TELLING = Mutex.new

# The client of half of the workers. One that signs in anew waits for the others' sends.
class Shared
  attr_reader :account

  def initialize(account)
    @account = account
    @lock = Mutex.new
    @changed = ConditionVariable.new
    @using = 0
    @client = signed_in
  end

  def use
    client = @lock.synchronize do
      @changed.wait(@lock) until @client
      @using += 1
      @client
    end
    yield client
  ensure
    @lock.synchronize { @using -= 1 } if client
    @changed.broadcast
  end

  def renew
    old = @lock.synchronize do
      @changed.wait(@lock) until @client
      given = @client
      @client = nil
      @changed.wait(@lock) until @using.zero?
      given
    end
    yield old
    close(old)
    @client = signed_in
    @changed.broadcast
  end

  def leave
    yield @client
    close(@client)
    @client = nil
  end

  private

  def close(client)
    client.close
  rescue SendIm::Error
    nil
  end

  def signed_in
    # Whatever goes wrong, the password is right.
    1.step do |attempts|
      return SendIm::Client.open(account: @account, sign_in_timeout: 20)
    rescue SendIm::Error => e
      print_line(dead: e.to_s) if attempts == ATTEMPTS
      sleep PAUSE * attempts
    end
  end
end

# One of those who share the client.
class Worker
  WAYS = { by_the_client: 60, by_one_call: 14, as_a_list: 10, hurried: 8, cut_off: 7, sign_in_again: 1 }.freeze
  SPECIAL = %w[busy declines echo slow offline forwards].freeze

  def initialize(number, shared)
    @number = number
    @shared = shared
    @sent = 0
    @chance = Random.new(Zlib.crc32("#{SEED} ruby #{number}"))
  end

  def run(finish)
    while Process.clock_gettime(Process::CLOCK_MONOTONIC) < finish
      pick = @chance.rand(100)
      way, = WAYS.find { |_, weight| (pick -= weight).negative? }
      __send__(way)
      sleep @chance.rand(0.4)
    end
  end

  def by_the_client(timeout: 20)
    to, text = message
    @shared.use { |client| attempt(text) { client.deliver(to, text, timeout: timeout) } }
  end

  def by_one_call
    to, text = message
    attempt(text) { SendIm.send_im(to, text, timeout: 20, account: @shared.account) }
  end

  def as_a_list
    messages = Array.new(10) { message }
    results = @shared.use do |client|
      client.deliver_all(messages.map { |to, text| SendIm::Message.new(to, text, timeout: 20) })
    end
    messages.zip(results) { |(_, text), result| tell(text, result.is_a?(SendIm::Error) ? result.sent : :delivered) }
  end

  def hurried
    by_the_client(timeout: 0.02 + @chance.rand(0.4))
  end

  # Ruby's own timeout says nothing of the message, so all is possible.
  def cut_off
    to, text = message
    @shared.use do |client|
      Timeout.timeout(0.001 + @chance.rand(0.06)) { attempt(text) { client.deliver(to, text, timeout: 20) } }
    rescue Timeout::Error
      tell(text, :maybe)
    end
  end

  def sign_in_again
    @shared.renew { |client| still_delivers(client) }
  end

  # Whatever has happened, a client whose password is right delivers again after a while.
  def still_delivers(client)
    last = nil
    1.upto(ATTEMPTS) do |attempts|
      _, text = message
      return unless (last = attempt(text) { client.deliver("user0@contoso.com", text, timeout: 5) })

      sleep PAUSE * attempts
    end
    print_line(dead: last.to_s)
  end

  private

  def message
    @sent += 1
    pick = @chance.rand(20)
    to = SPECIAL.fetch(pick) { "user#{@chance.rand(40)}" }
    ["#{to}@contoso.com", "ruby #{@number} #{@sent}#{" long" * 200 if @chance.rand(4).zero?}"]
  end

  # What went wrong, if anything did.
  def attempt(text)
    yield
    tell(text, :delivered)
    nil
  rescue SendIm::Error => e
    tell(text, e.sent)
    e
  end

  def tell(text, outcome)
    print_line(text: text, outcome: outcome)
  end
end

def print_line(told)
  # A timeout may strike anywhere, and half a line is no line.
  Thread.handle_interrupt(Exception => :never) do
    TELLING.synchronize { $stdout.syswrite("#{JSON.generate(told)}\n") }
  end
end

def state(moment)
  GC.start
  live = GC.stat(:heap_live_slots)
  status = File.read("/proc/self/status")
  tcp = File.readlines("/proc/self/net/tcp").map { |line| "socket:[#{line.split[9]}]" }
  links = Dir["/proc/self/fd/*"].filter_map do |fd|
    File.readlink(fd)
  rescue SystemCallError
    nil
  end
  print_line(state: moment, live: live, threads: status[/^Threads:\s+(\d+)/, 1].to_i,
             connections: (links & tcp).size)
end

ACCOUNTS.zip(["ruby first", "ruby second"]) do |account, text|
  SendIm.send_im("first@contoso.com", text, account: account)
  print_line(text: text, outcome: :delivered)
end
sleep 15
state("first")
shared = ACCOUNTS.map { |account| Shared.new(account) }
finish = Process.clock_gettime(Process::CLOCK_MONOTONIC) + SECONDS.to_i
Thread.abort_on_exception = true
Array.new(WORKERS) { |number| Thread.new { Worker.new(number, shared[number % 2]).run(finish) } }.each(&:join)
shared.each_with_index do |each, number|
  each.leave { |client| Worker.new(WORKERS + number, each).still_delivers(client) }
end
shared = nil
sleep 15
state("end")
