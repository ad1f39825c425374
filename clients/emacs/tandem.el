;;; tandem.el --- Tandem through jsonrpc.el -*- lexical-binding: t; -*-

;; Put this file on your `load-path' and say (require 'tandem).  `M-x tandem-ask' asks, with the region below the
;; question when it is active; the answer appears in a buffer of its own as it is written.  `C-c C-k' there ends it.

;;; Code:

(require 'jsonrpc)

(defvar tandem-command "tandem" "The program.")

(defvar tandem--connection nil)
(defvar tandem--handlers (make-hash-table) "What to do with the events of each request, by its id.")

(defun tandem--notified (_connection method params)
  (when (eq method '$/event)
    (let ((handler (gethash (plist-get params :id) tandem--handlers)))
      (when handler (funcall handler params)))))

(defun tandem-connection ()
  "The connection, made when there is none."
  (unless (and tandem--connection (jsonrpc-running-p tandem--connection))
    (setq tandem--connection
          (make-instance
           'jsonrpc-process-connection
           :name "tandem"
           :notification-dispatcher #'tandem--notified
           :process (lambda ()
                      (make-process :name "tandem" :command (list tandem-command "stdio") :connection-type 'pipe
                                    :coding 'utf-8-emacs-unix :noquery t
                                    :stderr (get-buffer-create " *tandem log*"))))))
  tandem--connection)

(defun tandem-call (method params on-event on-end)
  "Call METHOD with the plist PARAMS.
ON-EVENT gets the params of each event of a request with `:stream t'.  ON-END comes once, with the result and the
error, one of them nil.  Gives the request's id."
  (let* ((id nil)
         (end (lambda (result err)
                (remhash id tandem--handlers)
                (funcall on-end result err)))
         (connection (tandem-connection)))
    (jsonrpc-async-request
     connection method params :timeout 600
     :success-fn (lambda (result) (funcall end result nil))
     :error-fn (lambda (err) (funcall end nil err))
     :timeout-fn (lambda () (funcall end nil '(:message "no answer in ten minutes"))))
    ;; It gives no id back, but counts.
    (setq id (jsonrpc--next-request-id connection))
    (puthash id on-event tandem--handlers)
    id))

(defvar-local tandem--request nil)

(defun tandem-stop ()
  "End the answer that is being written into this buffer."
  (interactive)
  (when tandem--request
    (jsonrpc-notify (tandem-connection) :$/cancelRequest (list :id tandem--request))))

(defun tandem-ask (question &optional on-end)
  "Ask QUESTION; gives the buffer that the answer is written into.
ON-END, if given, gets the result and the error at the end."
  (interactive "sTandem: ")
  (let ((buffer (generate-new-buffer "*tandem*"))
        (code (if (use-region-p)
                  (format "\n\n```\n%s\n```" (buffer-substring-no-properties (region-beginning) (region-end)))
                "")))
    (with-current-buffer buffer
      (local-set-key (kbd "C-c C-k") #'tandem-stop)
      (setq tandem--request
            (tandem-call
             :chat (list :stream t :messages (vector (list :role "user" :content (concat question code))))
             (lambda (event)
               (when (buffer-live-p buffer)
                 (with-current-buffer buffer
                   (pcase (plist-get event :type)
                     ("content" (save-excursion (goto-char (point-max)) (insert (plist-get event :text))))
                     ("reset" (erase-buffer)))))) ; another model starts over
             (lambda (result err)
               (when (buffer-live-p buffer)
                 (with-current-buffer buffer (setq tandem--request nil)))
               (when err (message "Tandem: %s" (plist-get err :message)))
               (when on-end (funcall on-end result err))))))
    (display-buffer buffer)
    buffer))

(provide 'tandem)
;;; tandem.el ends here
