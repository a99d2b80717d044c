<?php

declare(strict_types=1);

namespace SendIm;

/**
 * What a receipt rests on.
 */
enum Evidence: string
{
    /** The text rode in the invitation and was accepted, which is not the same as read. */
    case InvitationAccepted = 'invitation_accepted';
    /** The recipient's side confirmed the message. */
    case MessageConfirmed = 'message_confirmed';
    /** Nobody waited. */
    case Submitted = 'submitted';
    /** A proof that this package does not know: the native library is newer. */
    case Unknown = 'unknown';
}
