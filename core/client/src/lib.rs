//! Delivers an instant message to a Skype for Business or Lync user.
