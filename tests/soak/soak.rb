# frozen_string_literal: true

# The traffic of the soak, from Ruby: soak.rb URL SECONDS SEED. The README beside this tells what it prints.

require "json"
require "send_im"
require "timeout"
require "zlib"

URL, SECONDS, SEED = ARGV
ACCOUNT = { address: "ruby@contoso.com", password: "any", server: URL }.freeze
WORKERS = 8
TELLING = Mutex.new

# The client of all workers. One that signs in anew waits for the others' sends.
class Shared
  def initialize
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
      given, @client = @client, nil
      @changed.wait(@lock) until @using.zero?
      given
    end
    close(old)
    @client = signed_in
    @changed.broadcast
  end

  def leave
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
    20.times do
      return SendIm::Client.new(**ACCOUNT, timeout: 20)
    rescue SendIm::Error
      sleep 0.2
    end
    abort "no sign-in any more"
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
    @shared.use { |client| attempt(text) { client.send_im(to, text, timeout: timeout) } }
  end

  def by_one_call
    to, text = message
    attempt(text) { SendIm.send_im(to, text, timeout: 20, **ACCOUNT) }
  end

  def as_a_list
    messages = Array.new(10) { message }
    results = @shared.use do |client|
      client.send_all(messages.map { |to, text| SendIm::Message.new(to, text, timeout: 20) })
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
      Timeout.timeout(0.001 + @chance.rand(0.06)) { attempt(text) { client.send_im(to, text, timeout: 20) } }
    rescue Timeout::Error
      tell(text, :maybe)
    end
  end

  def sign_in_again
    @shared.renew
  end

  private

  def message
    @sent += 1
    pick = @chance.rand(20)
    to = SPECIAL.fetch(pick) { "user#{@chance.rand(40)}" }
    ["#{to}@contoso.com", "ruby #{@number} #{@sent}#{" long" * 200 if @chance.rand(4).zero?}"]
  end

  def attempt(text)
    yield
    tell(text, :delivered)
  rescue SendIm::Error => e
    raise if e.kind == :invalid_input

    tell(text, e.sent)
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
  status = File.read("/proc/self/status")
  tcp = File.readlines("/proc/self/net/tcp").map { |line| "socket:[#{line.split[9]}]" }
  links = Dir["/proc/self/fd/*"].filter_map do |fd|
    File.readlink(fd)
  rescue SystemCallError
    nil
  end
  print_line(state: moment, kib: status[/^VmRSS:\s+(\d+)/, 1].to_i, threads: status[/^Threads:\s+(\d+)/, 1].to_i,
             connections: (links & tcp).size)
end

SendIm.send_im("first@contoso.com", "ruby first", **ACCOUNT)
print_line(text: "ruby first", outcome: :delivered)
sleep 15
state("first")
shared = Shared.new
finish = Process.clock_gettime(Process::CLOCK_MONOTONIC) + SECONDS.to_i
Thread.abort_on_exception = true
threads = Array.new(WORKERS) { |number| Thread.new { Worker.new(number, shared).run(finish) } }
sleep SECONDS.to_i / 4.0
state("warm")
threads.each(&:join)
state("busy")
shared.leave
shared = nil
sleep 15
state("end")
