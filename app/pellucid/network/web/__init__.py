"""Tasks in DICOMweb, done inside an agent: QIDO-RS, WADO-RS and STOW-RS.

Requests are made with ``requests``; bodies are streamed in both directions, so that files stay as they are and sizes
are bounded.
"""
