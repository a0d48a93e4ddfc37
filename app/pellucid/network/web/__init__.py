"""Tasks in DICOMweb, done inside an agent: QIDO-RS, WADO-RS and STOW-RS.

Requests are made with ``requests``; bodies are streamed in both directions, so that files stay as they are and sizes
are bounded.

    client       requests with limits on time and size, and sentences for what goes wrong
    finding      QIDO-RS: what a server has
    getting      WADO-RS: files as the server keeps them
    storing      STOW-RS: some files in each request
    multipart    bodies of several parts, taken apart while they come
"""
