;;; settings.el --- settings read without the package -*- lexical-binding: t -*-
;; Stands in for acp.el, agent-shell.el and lsp-mode; prints the command that each agent or server is started by, words
;; separated by tabs.

(defvar agent-shell-agent-configs nil)
(defun agent-shell-make-agent-config (&rest arguments) arguments)
(defun acp-make-client (&rest arguments) arguments)
(defun say (command) (princ (concat (mapconcat #'identity command "\t") "\n")))
(defun lsp-stdio-connection (command) command)
(defun make-lsp-client (&rest arguments) arguments)
(defun lsp-register-client (client) (say (plist-get client :new-connection)))
(provide 'acp)
(provide 'agent-shell)
(provide 'lsp-mode)

(load "BLOCK" nil t t)
(dolist (agent agent-shell-agent-configs)
  (let ((client (funcall (plist-get agent :client-maker) (current-buffer))))
    (say (cons (plist-get client :command) (plist-get client :command-params)))))
