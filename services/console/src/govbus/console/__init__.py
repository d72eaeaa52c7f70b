"""Pages that show, and decide nothing.

Topics: none in, none out; everything shown is asked of the services' HTTP APIs with the token of who looks.
State owned: sessions. Layers: `__main__ > app > pages > board | sign_in > upstream | templating | store > tables`.
"""
