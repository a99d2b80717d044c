# frozen_string_literal: true

module SendIm
  # Brings steps and requests for tokens to the program. They lie in the native library until a Ruby thread takes them:
  # it calls no Ruby by itself.
  #
  # @api private
  class Relay
    # How many exceptions of the token callable are kept.
    KEPT = 64
    private_constant :KEPT

    # What to tell the native library: are there steps to take, and requests for tokens? Steps cost nothing where nobody
    # listens.
    attr_reader :wishes

    def initialize(on_step, token, logger)
      @on_step = callable("on_step", on_step)
      @source = callable("token", token)
      @logger = logger
      logs = logger && (!logger.respond_to?(:debug?) || logger.debug?)
      @wishes = [@on_step || logs, @source].map { |wish| wish ? true : false }
      @raised = []
      @number = 0
    end

    # Asks for tokens on a thread from now on: a client renews one also while no call waits. It ends with the call, or
    # with the client that the call signs in.
    def watch(call)
      return call unless @source

      watch = call.watch_tokens
      Thread.new { serve(watch) }.name = "send-im-token"
      call
    end

    # Delivers the steps that lie there, on this thread.
    def deliver(call)
      call.take_steps.each { |record| tell(Step.from(record)) } if @wishes.first
    end

    # The exception that was given this number, if it is still kept.
    def raised(number) = @raised.assoc(number)&.last

    private

    def callable(name, value)
      Arguments.wrong(name, value, "a callable") unless value.nil? || value.respond_to?(:call)
      value
    end

    def tell(step)
      after = "after #{(step.elapsed * 1000).round(1)} ms"
      @logger&.debug("send_im: #{step.step}: #{step.host} answered #{step.status || "nothing"} #{after}")
      # The driver defers interrupts; the program's own code is interrupted as ever.
      Thread.handle_interrupt(Object => :immediate) { @on_step&.call(step) }
    rescue StandardError => e
      # The text of the exception may hold anything.
      Log.warn(@logger, "the on_step callback failed (#{e.class}); the call goes on")
    end

    def serve(watch)
      Driver.wait(watch) { watch.take_token_requests.each { |asked| answer(asked) } }
    ensure
      watch.cancel
    end

    def answer(asked)
      # The thread has inherited the driver's deferral.
      token = Thread.handle_interrupt(Object => :immediate) { @source.call(TokenRequest.from(asked.request)) }
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
  private_constant :Relay

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
