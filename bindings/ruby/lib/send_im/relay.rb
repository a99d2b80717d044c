# frozen_string_literal: true

require_relative "values"
require_relative "waiter"

module SendIm
  # Takes each finished step out of a mailbox, for the logger and the program's callback. It does so on a thread that
  # waits for the call: the native library calls no Ruby by itself.
  #
  # @api private
  class StepRelay
    # A relay if anybody listens: steps cost nothing otherwise.
    def self.wanted(on_step, logger)
      if on_step && !on_step.respond_to?(:call)
        raise TypeError, "on_step must respond to call, #{on_step.class} does not"
      end

      listening = logger && (!logger.respond_to?(:debug?) || logger.debug?)
      new(on_step, logger) if on_step || listening
    end

    # What to give to the native library.
    attr_reader :mailbox

    def initialize(on_step, logger)
      @on_step = on_step
      @logger = logger
      @mailbox = Native::Mailbox.new
    end

    # This waiter is woken for steps from now on.
    def attach(waiter)
      @mailbox.attach(waiter.handle)
    end

    # This waiter is no longer woken.
    def detach(waiter)
      @mailbox.detach(waiter.handle)
    end

    # Delivers what lies in the mailbox, on this thread.
    def deliver
      @mailbox.take_steps.each { |record| tell(Step.from(record)) }
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

  # Asks the program's callable for a token, on a thread of its own: a client renews one also while no call waits.
  #
  # @api private
  class TokenRelay
    # So many exceptions of the callable are kept.
    KEPT = 64
    private_constant :KEPT

    # A relay for a callable, if there is one.
    def self.for(source, logger)
      return if source.nil?
      raise TypeError, "token must respond to call, #{source.class} does not" unless source.respond_to?(:call)

      new(source, logger)
    end

    # What to give to the native library.
    attr_reader :mailbox

    def initialize(source, logger)
      @source = source
      @logger = logger
      @raised = []
      @number = 0
      @mailbox = Native::Mailbox.new
      @waiter = Waiter.new
      @mailbox.attach(@waiter.handle)
      @thread = Thread.new { serve }
      @thread.name = "send-im-token"
    end

    # No more tokens are asked for.
    def stop
      @thread.kill
    end

    # The exception that was given this number, if it is still kept.
    def raised(number)
      @raised.assoc(number)&.last
    end

    # For a finalizer: it must not refer to what it is a finalizer of.
    def self.stopper(relay)
      proc { relay.stop }
    end

    private

    def serve
      loop { @waiter.wait { @mailbox.take_tokens.each { |asked| answer(asked) } } }
    ensure
      @mailbox.detach(@waiter.handle)
      @waiter.close
    end

    def answer(asked)
      token = @source.call(TokenRequest.from(asked.request))
      token = BearerToken.new(token) if token.is_a?(String)
      unless token.is_a?(BearerToken)
        return asked.reply.fail("the token callable returned #{token.class}, not a String or a SendIm::BearerToken")
      end

      lifetime = token.expires_in && token.expires_in.clamp(0, Float::INFINITY).to_i
      asked.reply.resolve(Arguments.text("token", token.value), lifetime)
    rescue Exception => e # rubocop:disable Lint/RescueException -- whatever it was, it is the cause
      refuse(asked, e)
      raise if e.is_a?(SystemExit)
    end

    def refuse(asked, error)
      # Its text may hold a secret.
      Log.warn(@logger, "the token callable failed (#{error.class})")
      @raised << [@number += 1, error]
      @raised.shift if @raised.size > KEPT
      asked.reply.fail("the token callable raised #{error.class}", @number)
    end
  end
  private_constant :TokenRelay

  # @api private
  module Log
    # Any object with `debug` is a logger; not each has `warn`.
    def self.warn(logger, text)
      logger&.public_send(logger.respond_to?(:warn) ? :warn : :debug, "send_im: #{text}")
    rescue StandardError
      nil # a call does not fail because its logger does
    end
  end
  private_constant :Log
end
