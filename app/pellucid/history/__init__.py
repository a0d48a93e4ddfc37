"""What can be undone: the stack of steps and the commands it holds.

history   do, undo, redo, jump, group, merge, clean mark, byte budget
command   what a step must be able to do · layers, labels, painting  the steps themselves
"""
