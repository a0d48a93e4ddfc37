"""Tasks in DIMSE, done inside an agent: echo, find, get, move, store, and the storage listener.

Everything that knows pynetdicom is here, and imports it inside functions: only an agent ever loads it.

    association  connections: opened within limits, ended politely, and when they fail it is said why
    contexts     which kinds of objects are taken, and in which transfer syntaxes
    tuning       what an open connection of pynetdicom lacks: speed, limits, an end to a race
    finding      C-ECHO and C-FIND; rows: between questions and answers of ours and its data sets
    planning     before anything is fetched: which instances there are, and which are here already
    getting      C-GET: images come over the connection that asked for them
    moving       C-MOVE: the server is told to send to our listener
    storing      C-STORE: files are sent as they are where that is accepted
    serving      the storage listener; doors: who may come in at all
    taking       objects that come by C-STORE: files of them; commands: what is said of each
    inbox        where received objects lie until they are whole and were read
"""
