;;; tandem-eglot.el --- Tandem's code actions through eglot -*- lexical-binding: t; -*-

;; Put this file on your `load-path' and say (require 'tandem-eglot).  Eglot speaks with one server for each buffer, so
;; this is for buffers whose language has no server, or whose server you leave for it: `C-u M-x eglot RET tandem lsp', or
;;   (add-to-list 'eglot-server-programs '(text-mode . ("tandem" "lsp")))
;; `M-x eglot-code-actions' then offers: fix this diagnostic, explain, apply instruction.

;;; Code:

(require 'eglot)

(defun tandem-eglot--execute (original server command arguments &rest more)
  "Run Tandem's commands without waiting: a model takes longer than eglot's ten seconds."
  (if (not (string-prefix-p "tandem." (format "%s" command)))
      (apply original server command arguments more)
    (let ((argument (copy-sequence (aref arguments 0))))
      ;; The instruction is asked for here; the server gets it with the command.
      (when (and (equal (format "%s" command) "tandem.apply") (not (plist-get argument :instruction)))
        (setq argument (plist-put argument :instruction (read-string "Tandem: "))))
      (jsonrpc-async-request
       server :workspace/executeCommand (list :command (format "%s" command) :arguments (vector argument))
       :timeout 600
       :success-fn #'ignore
       :error-fn (lambda (err) (message "Tandem: %s" (plist-get err :message)))))))

(advice-add 'eglot-execute-command :around #'tandem-eglot--execute)

(provide 'tandem-eglot)
;;; tandem-eglot.el ends here
