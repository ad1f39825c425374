;;; tandem-filter.el --- Tandem through a process filter -*- lexical-binding: t; -*-

;; One JSON message a line, without jsonrpc.el.  The smallest thing that works; tandem.el has the command.

;;; Code:

(require 'json)

(defvar tandem-command "tandem" "The program.")

(defvar tandem-filter--process nil)
(defvar tandem-filter--rest "" "A line that has not come whole.")
(defvar tandem-filter--last-id 0)
(defvar tandem-filter--waiting (make-hash-table))

(defun tandem-filter--receive (_process text)
  (let ((lines (split-string (concat tandem-filter--rest text) "\n")))
    (setq tandem-filter--rest (car (last lines)))
    (dolist (line (butlast lines))
      (let* ((message (json-parse-string line :object-type 'plist :null-object nil :false-object nil))
             (params (plist-get message :params))
             (id (or (plist-get params :id) (plist-get message :id)))
             (request (gethash id tandem-filter--waiting)))
        (cond ((null request))
              ((equal (plist-get message :method) "$/event") (funcall (car request) params))
              (t (remhash id tandem-filter--waiting)
                 (funcall (cdr request) (plist-get message :result) (plist-get message :error))))))))

(defun tandem-filter-call (method params on-event on-end)
  "Call METHOD with the plist PARAMS.
ON-EVENT gets the params of each event, ON-END comes once with the result and the error, one of them nil."
  (unless (process-live-p tandem-filter--process)
    (setq tandem-filter--rest ""
          tandem-filter--process
          (make-process :name "tandem-filter" :command (list tandem-command "stdio") :connection-type 'pipe
                        :coding 'utf-8-unix :noquery t :filter #'tandem-filter--receive
                        :stderr (get-buffer-create " *tandem log*"))))
  (setq tandem-filter--last-id (1+ tandem-filter--last-id))
  (puthash tandem-filter--last-id (cons on-event on-end) tandem-filter--waiting)
  (process-send-string
   tandem-filter--process
   (concat (decode-coding-string
            (json-serialize (list :jsonrpc "2.0" :id tandem-filter--last-id :method method :params params)) 'utf-8)
           "\n"))
  tandem-filter--last-id)

(provide 'tandem-filter)
;;; tandem-filter.el ends here
