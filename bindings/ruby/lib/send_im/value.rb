# frozen_string_literal: true

module SendIm
  # A frozen value: equal by its fields, good for pattern matching. What is hidden is not part of its inspection.
  class Value
    class << self
      # @return [Array<Symbol>] the names of the fields, in the order of their readers
      def members = @members ||= []

      # The instance variable of each field.
      # @api private
      def variables = @variables ||= members.to_h { |name| [name, :"@#{name}"] }.freeze

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
      variables = self.class.variables
      unless values.size == variables.size && variables.each_key.all? { |name| values.key?(name) }
        raise ArgumentError, "#{self.class.name} has the fields #{self.class.members.join(", ")}"
      end

      variables.each { |name, variable| instance_variable_set(variable, values[name]) }
      freeze
    end

    # @return [Hash{Symbol => Object}] the fields by name
    def to_h = self.class.variables.transform_values { |variable| instance_variable_get(variable) }

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
