"""Other machines: PACS by DIMSE, servers by DICOMweb, and a storage listener of our own.

Nothing here is started unless the user asks; nothing listens by default. Nothing here knows Qt; ``session`` joins
it with the window.
"""
