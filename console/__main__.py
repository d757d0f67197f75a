"""`python -m console` is the command `kubecase`."""

from console.cli import main

main()
