# What is open before anything is done.
round before 5 any
