# frozen_string_literal: true

module SendIm
  # The version of this package, which is that of the native library.
  VERSION = "0.1.0"
end
