"""The local index of studies: which patients, studies and series lie in the folders the user added.

Optional, in the user's own data folder, readable by nobody else. It knows files, never copies or changes them.
Nothing here knows Qt; ``session`` joins it with the window.
"""
