# frozen_string_literal: true

module SendIm
  # Turns the arguments of the public calls into records of the native library. No error shows a value: it may be one
  # that is secret.
  #
  # @api private
  module Arguments
    LONGEST = 1_000_000_000
    private_constant :LONGEST

    class << self
      # Who sends, and how long signing in may take.
      def account(account, timeout)
        wrong("account", account, "a SendIm::Account") unless account.is_a?(Account)

        server = account.server
        ca_file = account.ca_file
        Native::AccountOptions.new(
          address: optional("address", account.address),
          username: optional("username", account.username),
          password: optional("password", account.password),
          server: optional("server", defined?(URI) && server.is_a?(URI) ? server.to_s : server),
          ca_file: optional("ca_file", ca_file.respond_to?(:to_path) ? ca_file.to_path : ca_file),
          tls: optional("tls", name_of(account.tls)),
          trusted_domains: Array(account.trusted_domains).map { |domain| text("trusted_domains", domain) },
          timeout_ms: milliseconds("timeout", timeout)
        )
      end

      # What is sent.
      def message(message)
        wrong("a message", message, "a SendIm::Message") unless message.is_a?(Message)

        Native::MessageOptions.new(
          to: text("to", message.to),
          text: text("text", message.text),
          html: message.html ? true : false,
          subject: optional("subject", message.subject),
          importance: word("importance", message.importance),
          timeout_ms: milliseconds("timeout", message.timeout),
          wait: word("wait", message.wait)
        )
      end

      # Whole milliseconds. What is no time at all becomes zero, which the native library refuses in its own words.
      def milliseconds(name, seconds)
        return if seconds.nil?

        wrong(name, seconds, "a number of seconds") unless number?(seconds)

        seconds = seconds.to_f
        raise InvalidInput, "The #{name} is not a number." if seconds.nan?

        (seconds.clamp(0, LONGEST) * 1000).ceil
      end

      # A String in UTF-8.
      def text(name, value)
        wrong(name, value, "a String") unless value.respond_to?(:to_str)

        value = value.to_str
        # Bytes of which Ruby knows no more, as they come from a socket, are taken for UTF-8.
        value = value.dup.force_encoding(Encoding::UTF_8) if value.encoding == Encoding::BINARY
        value = value.encode(Encoding::UTF_8)
        raise InvalidInput, "The argument #{name} is not valid UTF-8." unless value.valid_encoding?

        value
      rescue EncodingError
        raise InvalidInput, "The argument #{name} cannot be written in UTF-8.", cause: nil
      end

      # The same, or nil.
      def optional(name, value) = value.nil? ? nil : text(name, value)

      # One of a few names, as a Symbol or a String.
      def word(name, value) = text(name, name_of(value))

      # Of a type that it must not have: the one error that is Ruby's own.
      def wrong(name, value, wanted)
        raise TypeError, "#{name} must be #{wanted}, not #{value.class}", Outside.of(caller)
      end

      private

      def name_of(word) = word.is_a?(Symbol) ? word.name : word

      # An ActiveSupport::Duration is no Numeric.
      def number?(value) = value.is_a?(Numeric) || (value.respond_to?(:to_f) && value.respond_to?(:seconds))
    end
  end
  private_constant :Arguments
end
