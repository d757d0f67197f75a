# read by every page: writes the access log, as a web server would
log() { # STATUS
  line="$REMOTE_ADDR - - [$(date -u '+%d/%b/%Y:%H:%M:%S +0000')] \"$REQUEST_METHOD $SCRIPT_NAME${QUERY_STRING:+?$QUERY_STRING} HTTP/1.1\" $1 - \"${HTTP_REFERER:--}\" \"${HTTP_USER_AGENT:--}\""
  echo "$line" >>/var/log/shop/access.log
  echo "$line" >/proc/1/fd/1
}
page() { log 200; printf 'Content-Type: text/plain\r\n\r\n'; }
