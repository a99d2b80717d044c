# frozen_string_literal: true

require_relative "values"

module SendIm
  # The callbacks the native library makes from its own threads. The ffi gem runs each on a Ruby thread of its own.
  #
  # @api private
  module Callbacks
    @process = Process.pid

    # The gem's thread that dispatches them is lost by a fork. Any new function starts it again (ffi 1.15); since 1.17.1
    # the gem does that by itself. Asked before each use, this also holds after `Process.daemon`.
    def self.ready
      return if @process == Process.pid

      @process = Process.pid
      @function = FFI::Function.new(:void, []) { nil }
    end
  end
  private_constant :Callbacks

  # Hands each step to the logger and to the program's callback, on a thread that waits for the call.
  #
  # @api private
  class StepRelay
    # A relay if anybody listens: steps cost nothing otherwise.
    def self.wanted(on_step, logger)
      listening = logger && (!logger.respond_to?(:debug?) || logger.debug?)
      return unless on_step || listening

      Callbacks.ready
      new(on_step, logger)
    end

    def initialize(on_step, logger)
      @on_step = on_step
      @logger = logger
      @queue = Thread::Queue.new
      @waiters = []
    end

    # Called on a thread of the ffi gem while a thread of the native library waits, so it only queues.
    def on_step(record)
      @queue << record
      # Without one, the next call delivers it.
      @waiters.last&.wake
    end

    # This waiter is woken for steps from now on.
    def attach(waiter)
      @waiters.push(waiter)
    end

    # This waiter is no longer woken.
    def detach(waiter)
      @waiters.delete(waiter)
    end

    # Delivers what is queued, on this thread.
    def deliver
      tell(Step.from(@queue.pop)) until @queue.empty?
    end

    private

    def tell(step)
      log(step)
      # The driver defers interrupts; the program's own code is interrupted as ever.
      Thread.handle_interrupt(Object => :immediate) { @on_step&.call(step) }
    rescue StandardError => e
      # The text of the exception may hold anything.
      Log.warn(@logger, "the on_step callback failed (#{e.class}); the call goes on")
    end

    def log(step)
      @logger&.debug(
        Kernel.format("send_im: %<step>s: %<host>s answered %<status>s after %<elapsed>.1f ms",
                      step: step.step, host: step.host, status: step.status || "nothing", elapsed: step.elapsed * 1000)
      )
    end
  end
  private_constant :StepRelay

  # Asks the program's callable for a token, on a thread of its own.
  #
  # @api private
  class TokenRelay
    # A relay for a callable, if there is one.
    def self.for(source, logger)
      return if source.nil?
      raise TypeError, "token must respond to call, #{source.class} does not" unless source.respond_to?(:call)

      Callbacks.ready
      new(source, logger)
    end

    def initialize(source, logger)
      @source = source
      @logger = logger
    end

    # Called while a thread of the native library waits, which must not wait for the program.
    def request_token(request, reply)
      thread = Thread.new { answer(TokenRequest.from(request), reply) }
      thread.name = "send-im-token"
      thread.report_on_exception = false
    end

    private

    def answer(request, reply)
      token = @source.call(request)
      token = BearerToken.new(token) if token.is_a?(String)
      unless token.is_a?(BearerToken)
        return reply.fail("the token callable returned #{token.class}, not a String or a SendIm::BearerToken")
      end

      reply.resolve(Arguments.text("token", token.value), token.expires_in && [token.expires_in.to_i, 0].max)
    rescue Exception => e # rubocop:disable Lint/RescueException -- the call must not wait for a thread that is gone
      # Its text may hold a secret.
      Log.warn(@logger, "the token callable failed (#{e.class})")
      reply.fail("the token callable raised #{e.class}")
      raise unless e.is_a?(StandardError)
    end
  end
  private_constant :TokenRelay

  # @api private
  module Log
    # Any object with `debug` is a logger; not each has `warn`.
    def self.warn(logger, text)
      logger.public_send(logger.respond_to?(:warn) ? :warn : :debug, "send_im: #{text}") if logger
    end
  end
  private_constant :Log
end
