# frozen_string_literal: true

module SendIm
  # A frozen value: equal by its fields, good for pattern matching. What is hidden is not part of its inspection.
  class Value
    class << self
      # @return [Array<Symbol>] the names of the fields, in the order of their readers
      def members = @members ||= []

      # @return [Array<Symbol>] those that {Value#inspect} leaves out
      def hidden = @hidden ||= []

      # The value for a record of the native library; `changed` are the fields that differ from its own.
      # @api private
      def from(record, **changed)
        new(**members.to_h { |name| [name, changed.fetch(name) { record.public_send(name) }] })
      end

      private

      def attr_reader(*names)
        members.concat(names)
        super
      end

      def hide(*names)
        hidden.concat(names)
      end
    end

    # @param values [Hash{Symbol => Object}] a value for each field
    def initialize(**values)
      unless values.size == self.class.members.size && self.class.members.all? { |name| values.key?(name) }
        raise ArgumentError, "#{self.class.name} has the fields #{self.class.members.join(", ")}"
      end

      values.each { |name, value| instance_variable_set(:"@#{name}", value) }
      freeze
    end

    # @return [Hash{Symbol => Object}] the fields by name
    def to_h = self.class.members.to_h { |name| [name, instance_variable_get(:"@#{name}")] }

    # @return [Hash{Symbol => Object}] the fields for `case … in {…}`
    def deconstruct_keys(_names) = to_h

    # @return [Boolean] true for a value of the same class with the same fields
    def ==(other) = other.instance_of?(self.class) && to_h == other.to_h
    alias eql? ==

    # @return [Integer]
    def hash = [self.class, to_h].hash

    # @return [String] the class and the fields that are not hidden
    def inspect
      shown = to_h.except(*self.class.hidden).map { |name, value| " #{name}=#{value.inspect}" }
      "#<#{self.class.name}#{shown.join(",")}>"
    end
    alias to_s inspect
  end
end
