# frozen_string_literal: true

require_relative "lib/send_im/version"

# A gem for one platform with the native library inside; `rake package` builds it.
Gem::Specification.new do |spec|
  spec.name = "send_im"
  spec.version = SendIm::VERSION
  # A gem of a Mac is good for each version of macOS.
  own = Gem::Platform.local.dup.tap { |local| local.version = nil if local.os == "darwin" }
  spec.platform = ENV.fetch("SEND_IM_GEM_PLATFORM", own)
  spec.summary = "Delivers an instant message to a Skype for Business or Lync user, natively."
  spec.description = "One call signs in to Lync Server 2013 or Skype for Business Server, delivers the message and " \
                     "tells who accepted it, or what failed and what to do. A sandbox server comes with it."
  spec.authors = ["send-im contributors"]
  spec.licenses = %w[MIT Apache-2.0]
  spec.required_ruby_version = ">= 3.1"
  spec.metadata = { "rubygems_mfa_required" => "true" }

  spec.files = Dir.chdir(__dir__) do
    Dir["lib/**/*.rb", "lib/send_im/native/*", "sig/*", "LICENSE-*", "README.md", ".yardopts"].uniq
  end
  spec.rdoc_options = %w[--markup markdown] # ri keeps lines and backslashes then
  spec.require_paths = ["lib"]

  spec.add_dependency "ffi", "~> 1.15", ">= 1.15.5"
end
