file(READ ${IN} text)
file(WRITE ${OUT} "#pragma once\n\nnamespace mrc::embedded {\ninline constexpr char ${SYMBOL}[] = R\"mrc__(${text})mrc__\";\n}\n")
