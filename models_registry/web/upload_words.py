"""What the uploader's script says, in the reader's language; {name} stands for what it fills in."""

from django.utils.translation import gettext


def words() -> dict[str, str]:
    return {
        # states of a file
        "missing": gettext("Choose it again"),
        "asking": gettext("Its name is being checked"),
        "ignored": gettext("Left out: .gitignore names it"),
        "hashing": gettext("Hashing: {share}"),
        "regular": gettext("Goes into the commit itself"),
        "large": gettext("Goes to the storage of large files"),
        "replaces": gettext("Replaces the file that is there"),
        "same": gettext("Left out: it is there as it is"),
        "sending": gettext("Sending: {share}"),
        "checking": gettext("Sent; the hub checks it"),
        "stored": gettext("Sent"),
        "known": gettext("Already stored: nothing to send"),
        "failed": gettext("Failed: {why}"),
        "changed": gettext("It was changed or moved since you chose it: choose it again"),
        "remove": gettext("Leave out {name}"),
        "more": gettext("… and {count} more"),
        # the whole
        "unfinished": gettext(
            "An upload was not finished: {count} of {all} files are to be chosen again. What was sent is not sent again."
        ),
        "strip": gettext("without the folder’s own name, {folder}"),
        "start": gettext("Upload"),
        "start_one": gettext("Upload one file, {size}"),
        "start_many": gettext("Upload {count} files, {size}"),
        "title_one": gettext("Upload {name}"),
        "title_many": gettext("Upload {count} files"),
        "there": gettext("{done} of {all} files"),
        "sent": gettext("{sent} of {all} sent"),
        "speed": gettext("{speed} a second"),
        "left": gettext("{time} left"),
        "paused": gettext("paused"),
        "offline": gettext("the network is gone; it goes on when it is back"),
        "busy": gettext("the hub says: {why}; trying again"),
        "sending_commit": gettext("Sending the commit"),
        "committing": gettext("Making the commit"),
        "cancelling": gettext("Taking back what was sent"),
        "done": gettext("Done"),
        "clashes": gettext("{count} files are left out, because of their names: see the list."),
        "nothing": gettext("Nothing is left to upload: all of it is there, or left out."),
        "too_many": gettext("One commit holds at most {most} files. Choose fewer, or use the hf command."),
        "answer_lost": gettext(
            "The answer was lost on the way. Look whether the pull request is there before you go on."
        ),
        # what others did to a file meanwhile
        "moved_added": gettext("added"),
        "moved_modified": gettext("changed"),
        "moved_removed": gettext("removed"),
        "moved_renamed": gettext("renamed"),
        "moved_too": gettext("you upload it too"),
    }
