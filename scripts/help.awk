# Prints `target  what it does` from lines such as `target: needs ## what it does`.
/^##@ / { printf "%s%s\n", (seen++ ? "\n" : ""), substr($0, 5) }
/^[a-z0-9-]+:.*## / {
    target = $0; sub(/:.*/, "", target)
    told = $0; sub(/.*## /, "", told)
    printf "  make %-11s %s\n", target, told
}
