"""What the server does about sync: actions in, status out."""
