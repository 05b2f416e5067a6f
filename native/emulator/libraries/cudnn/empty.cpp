// Libraries that real cuDNN loads by name; nothing of them is called.
