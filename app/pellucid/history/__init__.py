"""What can be undone: the stack of steps and the commands it holds.

history   do, undo, redo, jump, group, merge, clean mark, byte budget
command   what a step must be able to do · layers, labels, painting  the steps themselves
outlines  which voxels of any grid lie within an outline of a plane · outline_fill  their labels changed as one step
patches   where voxels changed, packed · changes  a region a job found · staging  one that is shown while it changes
"""
