# frozen_string_literal: true

# ruby send.rb URL RECIPIENT

require "json"
require "net/http"

URL, RECIPIENT = ARGV
PAGE = URI("#{URL}index.html")
WHO = { username: "tosh@contoso.com", password: "s3cret-of-tosh" }.freeze

def parameters(shape)
  { recipient: RECIPIENT, message: "#{shape} from Ruby: grüße, 50% & mehr 😀" }
end

# Prints the status, and the kind of a problem.
def told(name, answer)
  puts [name, answer.code, JSON.parse(answer.body)["kind"]].compact.join(" ")
end

def query(values)
  PAGE.dup.tap { |uri| uri.query = URI.encode_www_form(values) }
end

told("get", Net::HTTP.get_response(query(parameters("get"))))
told("credentials", Net::HTTP.get_response(query(parameters("credentials").merge(WHO))))
told("form", Net::HTTP.post_form(PAGE, parameters("form")))
json = parameters("json").merge(WHO).to_json
told("json", Net::HTTP.post(PAGE, json, "Content-Type" => "application/json"))
told("busy", Net::HTTP.post_form(PAGE, recipient: "busy@contoso.com", message: "hello"))
